"""Drawing pieces shared by pages. A panel takes computed data and keyword-only options."""
