"""`careerrelay doctor`: what a mail's way depends on, what is wrong with it and what to do. Changes nothing."""
