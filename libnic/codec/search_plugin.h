// Finds and loads the plug-in that searches for latents.
#pragma once

#include "base/log.h"
#include "base/status.h"
#include "codec/latent_search.h"

namespace nic {

// The folders of NIC_PLUGIN_PATH come first, then the installation's. The plug-in stays loaded until the process ends.
// NIC_UNSUPPORTED_FEATURE where there is none, or none that can be loaded.
Status LoadSearchPlugin(const Log& log, SearchFunction* function);

}  // namespace nic
