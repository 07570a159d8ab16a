"""`edgectl demo`: the main job on one machine, looked at from outside and written up."""
