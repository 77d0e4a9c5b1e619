// Sets a network's transform to the Karhunen-Loeve transform of the training pictures, so that it is a codec from the
// first step on: of 8x8 pixels by their three colours, then of 2x2 groups of those features.
#pragma once

#include <torch/types.h>

#include <functional>

#include "dataset.h"
#include "network.h"
#include "objective.h"

namespace nic {

// The first and last layers become the transform and its transpose, the paths beside them start near zero, and the
// gains are those of the quantiser step that is best for an orthonormal transform at high rate, step^2 = 26 / (lambda
// 255^2). The entropy model is left as it is.
void StartFromKlt(const Dataset& dataset, const Lambdas& lambdas, Network& network);

// Its parts, for what else starts from statistics of pictures.

// Calls `use` with about 200 pictures, cut to multiples of 16: (1, 3, H, W) in [-0.5, 0.5].
void ForSomePictures(const Dataset& dataset, const std::function<void(const torch::Tensor&)>& use);
// (192, 192): the transform of 8x8 pixels by their three colours in the order of an unshuffle; unit vectors in rows,
// the strongest first.
torch::Tensor PatchBasis(const Dataset& dataset);
// A 1x1 convolution by the first rows and columns of `matrix`, zeros where it has none.
void SetMatrix(torch::nn::Conv2d& layer, const torch::Tensor& matrix);
// (levels): logarithms of the levels' quantiser steps.
torch::Tensor LogSteps(const Lambdas& lambdas);

}  // namespace nic
