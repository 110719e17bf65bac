"""From a consent to an agency: hand-overs, answers, talks, recalls."""
