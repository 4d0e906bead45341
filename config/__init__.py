"""Plan, calendar, clock and the rules of a day; everything pure or behind a seam."""
