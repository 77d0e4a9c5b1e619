#include "api/loaded_search.h"

#include <utility>

#include "codec/search_plugin.h"

namespace nic {
namespace {

constexpr int kSearchSteps[] = {50, 150, 400, 1000};  // of gradient descent, for the efforts from 6 on

}  // namespace

Status LoadSearch(nic_context& context, const ModelStore::Model& model, int effort, const std::atomic<bool>& stop,
                  std::unique_ptr<LoadedSearch>* search) {
  auto loaded = std::make_unique<LoadedSearch>();
  SearchSettings& settings = loaded->settings;
  NIC_RETURN_IF_ERROR(LoadSearchPlugin(context.log, &settings.function));
  Memory& memory = context.memory;
  NIC_RETURN_IF_ERROR(
      UnpackSection(model.package, SectionType::kDecoder, "decoder", memory, &loaded->decoder_section));
  NIC_RETURN_IF_ERROR(
      UnpackSection(model.package, SectionType::kEncoder, "encoder", memory, &loaded->encoder_section));
  if (model.package.Find(SectionType::kDeblocking)) {
    NIC_RETURN_IF_ERROR(
        UnpackSection(model.package, SectionType::kDeblocking, "deblocking", memory, &loaded->deblocking_section));
  }
  settings.deblocking_section = {loaded->deblocking_section.data(), loaded->deblocking_section.size()};
  settings.decoder_section = {loaded->decoder_section.data(), loaded->decoder_section.size()};
  settings.encoder_section = {loaded->encoder_section.data(), loaded->encoder_section.size()};
  settings.steps = kSearchSteps[effort - kHighestPlainEffort - 1];
  settings.stop = &stop;
  *search = std::move(loaded);
  return {};
}

}  // namespace nic
