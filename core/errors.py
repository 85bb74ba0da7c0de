"""The errors whose message is shown to the user."""


class SliceScopeError(Exception):
    """An error whose message is one sentence: what is wrong with the input, and what would be accepted."""


class SliceError(SliceScopeError):
    """A file that cannot be read as a slice."""


class DatasetError(SliceScopeError):
    """A folder of raw files, a store or a slice number that cannot be used."""


class BundleError(SliceScopeError):
    """A bundle that is missing, is incomplete or does not match its card."""


class TrainingError(SliceScopeError):
    """A recipe or a stored training state that cannot be used."""


class MachineError(SliceScopeError):
    """A machine that is not fit for what is asked of it."""


class MetricError(SliceScopeError):
    """An option of a metric, or an input of it, that it does not know."""


class BatchError(SliceScopeError):
    """A source or a folder of a batch that cannot be used."""


class WorkerError(SliceScopeError):
    """A process of its own, which computes with TensorFlow or reads files, has ended or cannot be started."""


def error_sentence(error: Exception) -> str:
    """Say in a sentence why a file among many has no answer, whatever went wrong."""
    if isinstance(error, SliceScopeError):
        return str(error)
    if isinstance(error, OSError):
        return f"The file cannot be read: {error.strerror or error}."
    if isinstance(error, MemoryError):
        return "The machine has not enough memory for the file; analyse fewer at a time."
    return f"The program failed on the file ({type(error).__name__}); please report it."
