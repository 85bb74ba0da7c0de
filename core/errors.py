"""The one family of errors whose text is written for the person at the screen."""


class SliceScopeError(Exception):
    """One sentence: what was wrong with the input, and what would be accepted."""


class SliceError(SliceScopeError):
    """A file that cannot be read as a slice."""


class DatasetError(SliceScopeError):
    """A source folder, a store or a slice number that cannot be used."""


class BundleError(SliceScopeError):
    """A bundle that is missing, incomplete or not what its card says."""


class TrainingError(SliceScopeError):
    """A recipe or a stored training state that cannot be used."""
