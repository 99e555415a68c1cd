"""Files written whole, and read without believing them."""
