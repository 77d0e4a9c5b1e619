// A small valid model that really compresses: it keeps the mean of every 8 x 8 pixels, so that pictures made of grey
// blocks come back the better the higher the gain.
#pragma once

#include <cstdint>
#include <vector>

#include "support/small_model.h"

namespace nic::testing {

// Makes a model filled by FillSmallModel one that keeps blocks. Level 2 quantises them in steps of about 4 grey levels,
// level 0 in steps of about 16.
void KeepBlocks(SmallModel* model);

// Such a model as a package of the given id.
std::vector<uint8_t> MakeBlockPackage(uint32_t id);

}  // namespace nic::testing
