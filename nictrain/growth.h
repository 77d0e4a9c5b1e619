// Starts a large network from a trained smaller one, so that its training goes on where that one's ended.
#pragma once

#include "dataset.h"
#include "network.h"
#include "objective.h"

namespace nic {

// Sets `to` to what computes the same as `from` (Net2Net, Chen et al. 2016, with new paths that begin at zero): what is
// wider keeps the old channels first and does not feed the new ones into them, further blocks add nothing yet, further
// passes begin as copies of the second, and levels above the last go on in its steps. Where latents and the synthesis
// both become wider, the new latents code what `from` leaves of the pictures at its finest level: the best linear
// prediction of it, of that rank, from the analysis's features at 1/8. NIC_INVALID_ARGUMENT, naming the number, where
// `to` is smaller in any; `to` is then unchanged.
Status GrowNetwork(Network& from, const Dataset& dataset, const Lambdas& lambdas, Network& to);

}  // namespace nic
