// Packages as files: models out of them, and sections put into them.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "codec/prepared_model.h"
#include "container/package.h"
#include "model/model.h"

namespace nic {

// A package's networks, which must have a decoder and an encoder.
Status ReadModel(const std::string& path, Memory& memory, DecoderModel* decoder, EncoderModel* encoder);

// The same ready to run, with the package's deblocking if `deblocked` and it has one.
Status PrepareModel(const std::string& path, bool deblocked, Memory& memory, std::unique_ptr<PreparedModel>* model);

// A copy of a package with a section added or exchanged. Its digest changes if the section is not optional.
Status SetSection(std::span<const uint8_t> package, SectionType type, uint8_t flags, std::span<const uint8_t> section,
                  Memory& memory, std::pmr::vector<uint8_t>* bytes);

}  // namespace nic
