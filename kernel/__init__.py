"""The ground floor: what every business slice stands on and which knows no business itself."""
