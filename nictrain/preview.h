// Networks for smaller pictures (format-spec/model-sections.md, section `preview`), fitted to a model that is there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "coded_file.h"
#include "codec/prepared_model.h"
#include "dataset.h"
#include "model/model.h"

namespace nic {

struct PreviewOptions {
  int kernel = 3;        // of each scale's one convolution: 1, 3 or 5
  int rates = 4;         // from the lowest level to the highest, that every picture is coded at; at least 1
  double margin = 1.25;  // how much wider than what was seen the bounds of the input are
};

// How a preview compares with the means over squares of the decoded pixels, which decoders give without it.
struct PreviewReport {
  int scale = 0;
  double psnr = 0;         // dB against those means, averaged over pictures and rates
  double source_psnr = 0;  // dB against means over the original picture; what the decoded pixels' means have beside it
  double mean_source_psnr = 0;
  double work = 0;     // decoding, counted, in relation to that of the whole picture
  double seconds = 0;  // decoding, measured, of all pictures at all rates
  double full_seconds = 0;
};

// Fits a linear read-out for each scale by least squares: from the gained latents of the pictures, coded at several
// rates, to means over squares of what the synthesis makes of them. `model` has an encoder.
Status FitPreview(const PreparedModel& model, const Dataset& pictures, const PreviewOptions& options, Memory& memory,
                  const FitProgress& progress, PreviewModel* preview);

// Judges the previews of a model, which has them and an encoder, by the pictures that were held out.
Status JudgePreview(const PreparedModel& model, const Dataset& pictures, const PreviewOptions& options, Memory& memory,
                    std::vector<PreviewReport>* reports);

// A copy of a package, its digest unchanged, with the section `preview` added or exchanged.
Status AddPreview(const std::vector<uint8_t>& package, const PreviewModel& preview, Memory& memory,
                  std::pmr::vector<uint8_t>* bytes);

}  // namespace nic
