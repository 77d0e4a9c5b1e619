// What there is to say about a .nic file.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "nic/nic.h"
#include "tools/metadata_file.h"
#include "tools/outcome.h"

namespace nic::tools {

// How many times smaller a picture can be decoded.
inline constexpr uint32_t kScales[] = {1, 8, 16};

struct Description {
  std::string file;
  nic_info info = {};
  uint64_t bytes_present = 0;                               // of info.file_size
  std::string model_name;                                   // empty if no known model has the file's id and digest
  uint64_t metadata_sizes[std::size(kMetadataKinds)] = {};  // contents
  std::vector<uint8_t> cicp;                                // colours by code points; empty if nothing is said
  uint64_t decode_memory[std::size(kScales)] = {};  // bytes to decode it with one thread; 0 if that is not known
  std::vector<nic_slice_info> slices;               // as many as the bytes hold

  // In the order of operations of nic_encode_result.bpp, so that nicenc and nicinfo say the same.
  double bpp() const {
    return 8 * static_cast<double>(info.file_size) /
           (static_cast<double>(info.width) * static_cast<double>(info.height));
  }
};

// Reads and describes a file. A failure of kExitTruncated may come with a description all the same: info.width is not
// 0 then. `context` tells models' names.
Outcome Describe(const std::string& file, nic_context* context, Description* description);

// Writes the metadata that are asked for to their files.
Outcome Extract(const std::string& file, const MetadataFiles& wanted);

}  // namespace nic::tools
