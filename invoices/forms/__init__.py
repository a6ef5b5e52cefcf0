"""What people type: checked here, said back in Polish, handed to the services as values."""
