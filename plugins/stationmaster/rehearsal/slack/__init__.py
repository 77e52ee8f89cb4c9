"""A stand-in Slack: stateful, speaking the wire protocol, on the virtual clock, with a page for people."""
