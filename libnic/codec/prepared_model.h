// A model ready to run: its graphs proven and packed for a target, its tables built.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "codec/deblocking.h"
#include "entropy/table.h"
#include "intnet/program.h"
#include "model/model.h"

namespace nic {

// The model's probability tables: those of the hyper-latents first, then those of the scales.
Status BuildTables(const DecoderModel& model, Memory& memory, TableSet* tables);

// Immutable once prepared; may serve several threads at once.
class PreparedModel {
 public:
  // Takes the model's numbers and tables; its graphs' weights are packed into programs and dropped.
  static Status Prepare(DecoderModel&& model, Target target, Memory& memory, std::unique_ptr<PreparedModel>* prepared);
  // Adds the filters that follow the synthesis. Once, before the model is shared.
  Status PrepareDeblocking(const DeblockingModel& deblocking, Target target, Memory& memory);
  // Adds what encoding needs. Once, before the model is shared.
  Status PrepareEncoder(EncoderModel&& encoder, Target target, Memory& memory);
  // Adds what small pictures need. Once, before the model is shared.
  Status PreparePreview(PreviewModel&& preview, Target target, Memory& memory);

  const DecoderModel& decoder() const { return decoder_; }  // its graphs keep their inputs only
  const Program& hyper_synthesis() const { return *hyper_synthesis_; }
  const Program& context(size_t pass) const { return *contexts_[pass]; }
  const Program& synthesis() const { return *synthesis_; }
  int feature_channels() const { return feature_channels_; }  // of the hyper-synthesis' output
  double decode_macs() const { return decode_macs_; }         // for each pixel
  const DecodeWork& decode_work() const { return decode_work_; }  // for each latent position
  double pixel_work() const {                                     // the same for each pixel
    const double area = static_cast<double>(decoder_.latent_factor) * decoder_.latent_factor;
    return (decode_work_.slice + decode_work_.synthesis) / area;
  }
  // The hyper-latents' tables come first, then those of the scales.
  const TableSet& tables() const { return tables_; }
  uint16_t HyperTable(int channel) const { return static_cast<uint16_t>(channel); }
  // scale: first_coded_scale .. scales - 1.
  uint16_t ScaleTable(int scale) const {
    return static_cast<uint16_t>(decoder_.hyper_channels + scale - decoder_.first_coded_scale);
  }

  // A graph that takes gained latents.
  struct Reader {
    const Program& program;
    GraphInput range;  // of its input
    double work;       // for each latent position
  };
  bool has_preview(int scale) const { return FindPreview(scale) != nullptr; }
  // The synthesis for scale 1, otherwise a preview, which must be there.
  Reader reader(int scale) const;

  const DeblockingFilters* deblocking() const { return deblocking_.get(); }  // null: none

  bool has_encoder() const { return analysis_ != nullptr; }
  const EncoderModel& encoder() const { return *encoder_; }
  const Program& analysis() const { return *analysis_; }
  const Program& hyper_analysis() const { return *hyper_analysis_; }

 private:
  struct Preview {
    int scale = 0;
    GraphInput range;
    double work = 0;
    std::unique_ptr<Program> program;
  };
  const Preview* FindPreview(int scale) const;
  PreparedModel(DecoderModel&& model, Memory& memory) : decoder_(std::move(model)), tables_(memory) {}

  DecoderModel decoder_;
  std::unique_ptr<EncoderModel> encoder_;
  std::unique_ptr<DeblockingFilters> deblocking_;
  std::unique_ptr<Program> hyper_synthesis_;
  std::vector<std::unique_ptr<Program>> contexts_;
  std::unique_ptr<Program> synthesis_;
  std::vector<Preview> previews_;
  std::unique_ptr<Program> analysis_;
  std::unique_ptr<Program> hyper_analysis_;
  TableSet tables_;
  int feature_channels_ = 0;
  double decode_macs_ = 0;
  DecodeWork decode_work_;
};

}  // namespace nic
