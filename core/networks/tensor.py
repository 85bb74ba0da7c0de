"""The type of a Keras tensor; ``Any``, since importing TensorFlow for an annotation takes seconds."""

from typing import Any

Tensor = Any
