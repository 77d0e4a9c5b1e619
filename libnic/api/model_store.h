// The models that a context can use: the embedded one, those that the caller added, and those in the model folders.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "codec/prepared_model.h"
#include "container/package.h"

namespace nic {

class ModelStore {
 public:
  // Looks into no folder yet. Packages that cannot be used are only reported when somebody asks for them.
  ModelStore(Target target, Memory& memory, const Log& log);

  struct Model {
    explicit Model(Memory& memory) : package(memory) {}
    std::string origin;                      // for messages
    std::unique_ptr<Buffer<uint8_t>> owned;  // null for the embedded package
    PackageReader package;
    std::unique_ptr<PreparedModel> prepared;
    std::unique_ptr<Model>
        preview_source;  // another package of that digest, if `package` has no preview and it has one
    bool preview_read = false;
  };

  // Adds a copy of a package, or finds it if it is there.
  Status Add(std::span<const uint8_t> bytes, Model** model);

  // The one that a file names, prepared for decoding. NIC_MODEL_MISSING, NIC_MODEL_MISMATCH if only other packages of
  // that id are known, or why it cannot be used.
  Status FindForDecoding(uint32_t id, uint32_t digest, const Model** model);
  // The one to encode with: the last added of that id. kDefaultModel: the embedded one.
  static constexpr int64_t kDefaultModel = -1;
  Status FindForEncoding(int64_t id, const Model** model);

  // Adds to a model that was found what smaller pictures need, if its package has that. A package whose section is not
  // valid is refused.
  Status PreparePreview(const Model* model);

  // All, the folders' too, in a fixed order; prepared for decoding. NIC_INVALID_ARGUMENT past the last.
  Status Get(size_t index, const Model** model, bool* is_default);

 private:
  Status AddEmbedded();
  Status AddBorrowed(std::span<const uint8_t> bytes, const char* origin, std::unique_ptr<Buffer<uint8_t>> owned,
                     Model** model);
  Status PrepareDecoder(Model& model);
  Status PrepareDeblocking(const PackageReader& package, PreparedModel& prepared);
  Status PrepareEncoder(Model& model);
  Model* FindDigest(uint32_t id, uint64_t digest, uint64_t mask);
  void SearchFolders();
  void SearchFolder(const char* folder);
  Status AddFile(const char* path);

  Target target_;
  Memory& memory_;
  const Log& log_;
  std::vector<std::unique_ptr<Model>> models_;
  Status embedded_status_;
  bool searched_ = false;
};

// Unpacks a package's section. NIC_MODEL_MALFORMED where it has none; `name` is for the message.
Status UnpackSection(const PackageReader& package, SectionType type, const char* name, Memory& memory,
                     Buffer<uint8_t>* raw);

// The bytes of the package built into the library; empty if it was built without one.
std::span<const uint8_t> EmbeddedPackage();

}  // namespace nic
