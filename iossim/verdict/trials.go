package verdict

import "slices"

// trials are all there are, in the order in which they are played.
var trials = slices.Concat(pushTrials, ringTrials, callTrials, outgoingTrials, buttonTrials, severalTrials, lifeTrials)
