"""The pure core: no clock, environment, files, network or logging below this line."""
