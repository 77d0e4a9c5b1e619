#include <cstdint>
#include <span>

#include "api/model_store.h"

#ifdef NIC_EMBEDS_MODEL
extern "C" const uint8_t nic_embedded_package_begin[];
extern "C" const uint8_t nic_embedded_package_end[];
#endif

namespace nic {

std::span<const uint8_t> EmbeddedPackage() {
#ifdef NIC_EMBEDS_MODEL
  return {nic_embedded_package_begin, nic_embedded_package_end};
#else
  return {};
#endif
}

}  // namespace nic
