select epoch as "Epoch", front as "Front", phase as "Phase" from front_state;
