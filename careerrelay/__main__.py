"""`python -m careerrelay`: how the supervisor starts its children, whatever PATH says."""

from careerrelay.cli import main

main()
