"""What was made of it: costs, worth, forecasts, histories, and the bodies that show them."""
