// The search over a whole picture, tile by tile.
#pragma once

#include "base/memory.h"
#include "base/status.h"
#include "codec/latent_search.h"

namespace nic {

// Does what the request asks for; see SearchRequest.
Status SearchPicture(const SearchRequest& request, Memory& memory);

}  // namespace nic
