"""Everything in SliceScope that does not need a browser.

No module imports Streamlit, and none imports TensorFlow at module level: functions that need TensorFlow import it.
"""
