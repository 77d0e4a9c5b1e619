// Which numbers are a nic_metadata.
#pragma once

#include <cstddef>

#include "container/file.h"
#include "nic/image.h"

namespace nic {

constexpr size_t kMetadataKinds = NIC_METADATA_CICP - NIC_METADATA_ICC + 1;

inline bool IsMetadataKind(int kind) { return kind >= NIC_METADATA_ICC && kind <= NIC_METADATA_CICP; }
// Of kinds: 0 .. kMetadataKinds - 1.
inline size_t MetadataIndex(int kind) { return static_cast<size_t>(kind - NIC_METADATA_ICC); }
// The kinds are the types of their elements.
inline ElementType MetadataElementType(int kind) { return static_cast<ElementType>(kind); }

}  // namespace nic
