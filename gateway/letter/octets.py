"""The octets of a mail: in memory, or a large file mapped read-only, of which only what is looked at is read."""

from mmap import mmap

#: Both are sliced to bytes, searched with ``find`` and matched by regular expressions; ``mmap`` can do no more.
Octets = bytes | mmap
