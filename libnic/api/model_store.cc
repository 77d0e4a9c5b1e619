#include "api/model_store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "container/header.h"
#include "model/model_section.h"

namespace nic {
namespace {

constexpr uint64_t kMaxPackageFile = uint64_t{256} << 20;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

Status UnpackSection(const PackageReader& package, SectionType type, const char* name, Memory& memory,
                     Buffer<uint8_t>* raw) {
  const PackageSection* section = package.Find(type);
  if (!section) return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "model package: no %s section", name);
  return package.Unpack(*section, raw, memory).Within(name);
}

// One digest may stand for packages with and without what is optional: the first of each kind serves.
static void MergeOptional(ModelStore::Model& known, std::unique_ptr<ModelStore::Model> added) {
  const auto has = [](const ModelStore::Model& model, SectionType type) { return model.package.Find(type) != nullptr; };
  if (!has(known, SectionType::kEncoder) && has(*added, SectionType::kEncoder)) {
    std::swap(known.package, added->package);
    std::swap(known.owned, added->owned);
    std::swap(known.origin, added->origin);
  }
  if (known.preview_source || has(known, SectionType::kPreview) || !has(*added, SectionType::kPreview)) return;
  known.preview_source = std::move(added);
}

ModelStore::ModelStore(Target target, Memory& memory, const Log& log) : target_(target), memory_(memory), log_(log) {
  embedded_status_ = AddEmbedded();
}

Status ModelStore::AddEmbedded() {
  if (EmbeddedPackage().empty()) {
    return Status::Error(NIC_MODEL_MISSING, Status::kNoOffset, "model: this build of libnic embeds none");
  }
  Model* model = nullptr;
  return AddBorrowed(EmbeddedPackage(), "embedded", nullptr, &model);
}

Status ModelStore::AddBorrowed(std::span<const uint8_t> bytes, const char* origin,
                               std::unique_ptr<Buffer<uint8_t>> owned, Model** model) {
  auto added = std::make_unique<Model>(memory_);
  NIC_RETURN_IF_ERROR(added->package.Open(bytes));
  added->owned = std::move(owned);
  added->origin = origin;
  if (Model* known = FindDigest(added->package.model_id(), added->package.digest(), ~uint64_t{0})) {
    *model = known;
    MergeOptional(*known, std::move(added));
    return {};
  }
  *model = models_.emplace_back(std::move(added)).get();
  return {};
}

Status ModelStore::Add(std::span<const uint8_t> bytes, Model** model) {
  auto owned = std::make_unique<Buffer<uint8_t>>(memory_, bytes.size());
  std::copy(bytes.begin(), bytes.end(), owned->begin());
  const std::span<const uint8_t> copy(owned->data(), owned->size());
  return AddBorrowed(copy, "added by the caller", std::move(owned), model);
}

ModelStore::Model* ModelStore::FindDigest(uint32_t id, uint64_t digest, uint64_t mask) {
  for (const auto& model : models_) {
    if (model->package.model_id() == id && (model->package.digest() & mask) == (digest & mask)) return model.get();
  }
  return nullptr;
}

Status ModelStore::PrepareDecoder(Model& model) {
  if (model.prepared) return {};
  Buffer<uint8_t> raw;
  NIC_RETURN_IF_ERROR(UnpackSection(model.package, SectionType::kDecoder, "decoder", memory_, &raw));
  DecoderModel decoder(memory_);
  NIC_RETURN_IF_ERROR(ReadDecoderSection({raw.data(), raw.size()}, &decoder));
  std::unique_ptr<PreparedModel> prepared;
  NIC_RETURN_IF_ERROR(PreparedModel::Prepare(std::move(decoder), target_, memory_, &prepared));
  NIC_RETURN_IF_ERROR(PrepareDeblocking(model.package, *prepared));
  model.prepared = std::move(prepared);
  log_.Write(NIC_LOG_INFO, "model %u '%s' version %u, digest %016llx, loaded: %s", model.package.model_id(),
             std::string(model.package.name()).c_str(), model.package.model_version(),
             static_cast<unsigned long long>(model.package.digest()), model.origin.c_str());
  return {};
}

Status ModelStore::PrepareDeblocking(const PackageReader& package, PreparedModel& prepared) {
  if (!package.Find(SectionType::kDeblocking)) return {};
  Buffer<uint8_t> raw;
  NIC_RETURN_IF_ERROR(UnpackSection(package, SectionType::kDeblocking, "deblocking", memory_, &raw));
  DeblockingModel deblocking(memory_);
  const Status read = ReadDeblockingSection({raw.data(), raw.size()}, prepared.decoder(), &deblocking);
  NIC_RETURN_IF_ERROR(read.Within("deblocking"));
  return prepared.PrepareDeblocking(deblocking, target_, memory_).Within("deblocking");
}

Status ModelStore::PrepareEncoder(Model& model) {
  NIC_RETURN_IF_ERROR(PrepareDecoder(model));
  if (model.prepared->has_encoder()) return {};
  Buffer<uint8_t> raw;
  NIC_RETURN_IF_ERROR(UnpackSection(model.package, SectionType::kEncoder, "encoder", memory_, &raw));
  EncoderModel encoder(memory_);
  NIC_RETURN_IF_ERROR(ReadEncoderSection({raw.data(), raw.size()}, model.prepared->decoder(), &encoder));
  return model.prepared->PrepareEncoder(std::move(encoder), target_, memory_);
}

Status ModelStore::PreparePreview(const Model* model) {
  const auto own = std::find_if(models_.begin(), models_.end(), [&](const auto& each) { return each.get() == model; });
  Model& found = **own;
  const Model& source = found.preview_source ? *found.preview_source : found;
  if (found.preview_read || !source.package.Find(SectionType::kPreview)) return {};
  Buffer<uint8_t> raw;
  NIC_RETURN_IF_ERROR(UnpackSection(source.package, SectionType::kPreview, "preview", memory_, &raw));
  PreviewModel preview(memory_);
  NIC_RETURN_IF_ERROR(ReadPreviewSection({raw.data(), raw.size()}, &preview));
  NIC_RETURN_IF_ERROR(found.prepared->PreparePreview(std::move(preview), target_, memory_));
  found.preview_read = true;
  return {};
}

Status ModelStore::FindForDecoding(uint32_t id, uint32_t digest, const Model** model) {
  Model* found = FindDigest(id, digest, kMaxModelDigest);
  if (!found) {
    SearchFolders();
    found = FindDigest(id, digest, kMaxModelDigest);
  }
  if (found) {
    *model = found;
    return PrepareDecoder(*found);
  }
  for (const auto& known : models_) {
    if (known->package.model_id() != id) continue;
    return Status::Error(NIC_MODEL_MISMATCH, Status::kNoOffset,
                         "model_digest: the file was made with model %u, digest ending in %06x; the known package of "
                         "that id ends in %06x",
                         id, digest, static_cast<unsigned>(known->package.digest() & kMaxModelDigest));
  }
  return Status::Error(NIC_MODEL_MISSING, Status::kNoOffset,
                       "model_id: no package is known for model %u, digest ending in %06x", id, digest);
}

Status ModelStore::FindForEncoding(int64_t id, const Model** model) {
  if (id == kDefaultModel) {
    NIC_RETURN_IF_ERROR(embedded_status_);
    *model = models_.front().get();
    return PrepareEncoder(*models_.front());
  }
  for (int attempt = 0; attempt < 2; ++attempt) {
    for (auto known = models_.rbegin(); known != models_.rend(); ++known) {
      if ((*known)->package.model_id() != id) continue;
      *model = known->get();
      return PrepareEncoder(**known);
    }
    SearchFolders();
  }
  return Status::Error(NIC_MODEL_MISSING, Status::kNoOffset, "model: no package of id %lld is known",
                       static_cast<long long>(id));
}

Status ModelStore::Get(size_t index, const Model** model, bool* is_default) {
  SearchFolders();
  if (index >= models_.size()) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "index: there are %zu models", models_.size());
  }
  *model = models_[index].get();
  *is_default = index == 0 && embedded_status_.ok();
  return PrepareDecoder(*models_[index]);
}

void ModelStore::SearchFolders() {
  if (searched_) return;
  if (const char* folders = std::getenv("NIC_MODEL_PATH")) {
    std::string_view rest = folders;
    while (!rest.empty()) {
      const size_t colon = std::min(rest.find(':'), rest.size());
      if (colon > 0) SearchFolder(std::string(rest.substr(0, colon)).c_str());
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
  }
  SearchFolder(NIC_MODEL_FOLDER);
  searched_ = true;  // not if memory failed on the way: then the next call searches again
}

// Packages that cannot be read or used do not disturb those that can.
void ModelStore::SearchFolder(const char* folder) {
  std::error_code failure;
  std::vector<std::string> paths;
  std::filesystem::directory_iterator entry(folder, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    if (entry->path().extension() == ".nicm") paths.push_back(entry->path().string());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    try {
      const Status status = AddFile(path.c_str());
      if (!status.ok()) log_.Write(NIC_LOG_WARNING, "%s is passed over: %s", path.c_str(), status.message());
    } catch (const LimitReached&) {
      log_.Write(NIC_LOG_WARNING, "%s is passed over: max_memory does not allow to read it", path.c_str());
    }
  }
}

Status ModelStore::AddFile(const char* path) {
  const Status cannot_read = Status::Error(NIC_IO, Status::kNoOffset, "the file cannot be read");
  std::error_code failure;
  const uint64_t size = std::filesystem::file_size(path, failure);
  if (failure) return cannot_read;
  if (size > kMaxPackageFile)
    return Status::Error(NIC_LIMIT_MEMORY, Status::kNoOffset, "larger than any model package");
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path, "rb"));
  if (!file) return cannot_read;
  auto owned = std::make_unique<Buffer<uint8_t>>(memory_, size);
  if (std::fread(owned->data(), 1, owned->size(), file.get()) != owned->size()) return cannot_read;
  const std::span<const uint8_t> bytes(owned->data(), owned->size());
  Model* model = nullptr;
  return AddBorrowed(bytes, path, std::move(owned), &model);
}

}  // namespace nic
