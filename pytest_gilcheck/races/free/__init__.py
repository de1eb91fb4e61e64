"""Free running: threads that nobody controls, preempted often, with random sleeps where they meet."""
