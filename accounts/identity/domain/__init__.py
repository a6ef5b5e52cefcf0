"""Pure rules about passwords, codes and browsers."""
