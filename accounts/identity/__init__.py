"""Who somebody is: second factors, confirmations, sessions, the limits of guessing."""
