"""Everything in SliceScope that is true without a browser.

Nothing here imports Streamlit, and nothing imports TensorFlow at module level:
``import core.<anything>`` stays cheap, the functions that need TensorFlow load it.
"""
