// Catch2 beside LibTorch, whose logging may bring a CHECK of its own: to be included instead of catch.hpp.
#pragma once

#include <torch/types.h>

#undef CHECK
#include <catch2/catch.hpp>
