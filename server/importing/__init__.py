"""What ``entrepot import`` does: read files of other systems into the hub, and show how it went."""
