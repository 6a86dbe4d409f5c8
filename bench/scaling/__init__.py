"""What an installation of many processes costs, by a model of measured costs and by simulation."""
