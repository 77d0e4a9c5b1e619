// Sets a network's transform to the Karhunen-Loeve transform of the training pictures, so that it is a codec from the
// first step on: of 8x8 pixels by their three colours, then of 2x2 groups of those features.
#pragma once

#include "dataset.h"
#include "network.h"
#include "objective.h"

namespace nic {

// The first and last layers become the transform and its transpose, the paths beside them start near zero, and the
// gains are those of the quantiser step that is best for an orthonormal transform at high rate, step^2 = 26 / (lambda
// 255^2). The entropy model is left as it is.
void StartFromKlt(const Dataset& dataset, const Lambdas& lambdas, Network& network);

}  // namespace nic
