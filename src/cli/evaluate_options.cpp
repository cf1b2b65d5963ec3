#include "cli/evaluate_options.h"

#include "cli/budget_options.h"
#include "cli/options.h"
#include "cli/picture_options.h"

namespace obscura::cli {
namespace {

OptionTable<study::EvaluationRequest> request_options() {
  using V = study::EvaluationRequest;
  OptionTable<V> t;
  t.group(kFiles);
  t.value("--against", &V::against,
          "The network that the given one was fitted from (compile --save): its accuracy, and agreement with it");
  t.group(kRun);
  t.value("--together", &V::together,
          "Large packed networks: queries that go through the network at a time; 1: lowest latency; 0: a few")
      .check(whole_number())
      .shows_default();
  t.other("--images-per-ciphertext",
          [](CLI::App& verb, V& values) { return add_images_per_ciphertext(verb, values.images_per_ciphertext); });
  t.other("--max-keys", [](CLI::App& verb, V& values) { return add_max_keys(verb, values.budget.keys); });
  t.other("--max-memory", [](CLI::App& verb, V& values) { return add_max_memory(verb, values.budget.memory); });
  t.other("--precision-bits",
          [](CLI::App& verb, V& values) { return add_precision_bits(verb, values.relative_error); });
  t.value("--seed", &V::seed,
          "Draw the K images from all by this seed (default: the first K; of folders class by turn)")
      .check(whole_number())
      .only(kAsksOnnx);
  t.flag("--mirrored", &V::mirrored, kMirroredHelp);
  t.part(fit_options(), &V::fit, kAsksOnnx);
  t.part(preprocessing_options(false), &V::stated, kStatesOnnx);
  t.part(policy_options(), &V::policy);
  t.group("");
  t.value("--stop-after", &V::stop_after, "For tests: end as if interrupted");
  return t;
}

OptionTable<study::PictureEvaluation> picture_options() {
  using V = study::PictureEvaluation;
  OptionTable<V> t;
  auto key = key_options();
  key.row("--make-key").only(kMakesKey);
  key.row("--calibrate").only(kMakesKey);
  key.row("--ask-passphrase").only(kMakesKey);
  t.part(key, &V::key);
  t.group(kRun);
  t.flag("--per-image", &V::per_image, "Shields: a key an image");
  t.value("--resize", &V::resize, "Shields: resize images to so many pixels a side first").check(whole_number());
  t.group(kFiles);
  t.value("--plain", &V::plain, "Shields: a network trained on plain pictures, to compare with");
  return t;
}

}  // namespace

const OptionTable<EvaluateArguments>& evaluate_options() {
  using V = EvaluateArguments;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("--network", &V::network, "The network, an ONNX file").required();
    t.value("--gallery", &V::gallery, "A folder that index made: how good it is at finding test images' classes")
        .only(kEvaluatesGallery);
    t.value("--dataset", &V::dataset,
            "mnist, fashion-mnist, kmnist, kmnist-split, cifar-10, neu-cls (or -2 to -5), samples, or a folder")
        .shows_default();
    t.value("--data", &V::data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)");
    t.group(kRun);
    t.value("--mode", &V::mode,
            "packed (default): one image a query, lowest latency; batched: thousands, highest throughput. Of a "
            "gallery: plain (default); blind-features: vectors are encrypted; blind: pictures are")
        .check(CLI::IsMember({"packed", "batched", "plain", "blind", "blind-features"}))
        .only(kAsksOnnx);
    t.value("--distance", &V::distance, "Of a gallery: hamming, cosine or unequal (default: what suits its vectors)")
        .only(kEvaluatesGallery);
    t.flag("--simulate", &V::simulate,
           "Encrypt nothing: the program in the clear, with the errors that encryption will make")
        .only(kEvaluatesOnnx);
    t.value("--limit", &V::limit, "Use K of the test images only; 0: all").check(whole_number()).shows_default();
    t.part(request_options(), &V::request, kEvaluatesOnnx);
    t.group(kOutput);
    t.value("--resume", &V::resume,
            "Keep what is done in this file and continue from it (default: beside --out, as .partial)")
        .only(kEvaluatesOnnx);
    t.value("--out", &V::out, "Write the JSON object into this file, too");
    t.value("--report", &V::report, "Draw confusion, classes and errors on this HTML page").only(kStatesOnnx);
    t.part(picture_options(), &V::pictures, kEvaluatesPictures);
    t.group(kRun);
    t.value("--colour", &V::colour,
            "Alone: shields, make grey images colour images; grey, rgb or bgr: what an ONNX network reads")
        .word_optional();
    return t;
  }();
  return table;
}

}  // namespace obscura::cli
