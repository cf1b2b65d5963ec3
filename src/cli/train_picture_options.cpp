#include "cli/options.h"
#include "cli/picture_options.h"
#include "cli/train_options.h"

namespace obscura::cli {

OptionTable<study::PictureTraining> picture_training_options() {
  using V = study::PictureTraining;
  OptionTable<V> t;
  t.group("Networks for pictures (--network)");
  t.value("--network", &V::network,
          "Train this network on pictures in the open: plain, or as a shield makes them (list below)");
  t.part(key_options(), &V::key);
  t.flag("--per-image", &V::per_image, "A key an image");
  t.flag("--protected", &V::stored, "--dataset is a folder that protect wrote: the server's side");
  t.value("--resize", &V::resize, "Resize images to so many pixels a side after they are augmented")
      .check(whole_number());
  t.value("--adapt", &V::adaptation, "Adaptation network before it: er-cnn (default), tanaka or madono")
      .word_optional();
  t.value("--adapt-lr", &V::adaptation_rate, "Its learning rate, in terms of --lr");
  t.value("--network-lr", &V::network_rate,
          "The same of the network behind it; 0: that stays as --pretrained has it, and the adaptation alone learns");
  t.value("--adapt-block", &V::adaptation_block, "Pixels a side of its kernel (default: the shield's block)")
      .check(whole_number());
  t.value("--adapt-from", &V::adaptation_from, "Start from the adaptation of this trained network")
      .echo(Echo::file_name);
  t.value("--adapt-padding", &V::adaptation_padding, "er-cnn: 1 as published, which makes an exact inverse impossible");
  t.value("--adapt-start", &V::start,
          "er-cnn starts as the identity; whiten: from uncorrelated samples; blind: from hill's key as the protected "
          "pictures alone give it away; match: the same with the statistics of --publics. The last two are attacks")
      .check(CLI::IsMember({"identity", "whiten", "blind", "match"}))
      .shows_default();
  t.value("--publics", &V::publics,
          "match: public images, the last 10,000 training images of a data set or folder (default: drawn ones)");
  t.value("--rounds", &V::rounds, "Rounds of --epochs each that keep the adaptation and start the network afresh")
      .check(whole_number());
  t.value("--pretrained", &V::pretrained, "Start from these weights: .safetensors, .pth or .npz").echo(Echo::file_name);
  t.flag("--pretrained-partial", &V::pretrained_partial,
         "Also if they fill a part of the network only: without it, all but the head must match");
  t.value("--recipe", &V::recipe, "A published schedule: er-cnn, color-neuracrypt, neuracrypt or ele");
  t.value("--network-patch", &V::patch,
          "ViT, ConvMixer: pixels a side of a patch (default: the network's; neuracrypt: 1)")
      .check(whole_number());
  t.value("--device", &V::device,
          "Where LibTorch computes: cpu, cuda or cuda:NUMBER (needs a LibTorch with CUDA, which Debian's is not)")
      .shows_default();
  t.flag("--no-patch-whitening", &V::no_patch_whitening, "ViT: train on patches as they are, not decorrelated");
  t.flag("--no-positions", &V::no_positions, "ViT: without position embedding");
  return t;
}

}  // namespace obscura::cli
