"""Care plans: when check-ins are due, what is asked, what follows from the answers. Pure."""
