"""What the server runs for every visitor: the frame, and in it a page of pages/."""

from panels import shell

shell.run()
