"""What other programs call: a model by its name, its typed results, and their JSON schema."""
