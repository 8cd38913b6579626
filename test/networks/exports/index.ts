import type { Model } from "../../../src/index.js";
import { convNeXt, edgeNeXt, fastViT, mobileViT, repViT } from "./convolutional.js";
import { ssd, yolo } from "./detection.js";
import { type Dialect, type Exporter, exporter } from "./exporter.js";
import { mobileNet, preActivated, residual, speech, textReader, uNet } from "./others.js";
import { bert, detr, gpt2, llama, viT, whisperEncoder } from "./transformers.js";
import { encoder, swin } from "./windows.js";

/** The networks of which a test pins nodes, executed nodes and bytes. */
const ARCHITECTURES = {
  ConvNeXt: convNeXt,
  Swin: swin,
  MobileViT: mobileViT,
  FastViT: fastViT,
  RepViT: repViT,
  EdgeNeXt: edgeNeXt,
  Whisper: whisperEncoder,
  BERT: bert,
  "GPT-2": gpt2,
  Llama: llama,
  DETR: detr,
  SSD: ssd,
} as const satisfies Record<string, (e: Exporter) => Model>;

/** More kinds of networks, for the bench. */
const OTHERS = {
  ViT: viT,
  Encoder: encoder,
  ResNet: residual,
  PreActResNet: preActivated,
  MobileNet: mobileNet,
  UNet: uNet,
  Speech: speech,
  CRNN: textReader,
  YOLO: yolo,
} as const satisfies Record<string, (e: Exporter) => Model>;

const DIALECTS: Readonly<Record<string, Dialect>> = {
  script17: { exporter: "torchscript", opset: 17, dynamic: false },
  "script17-dynamic": { exporter: "torchscript", opset: 17, dynamic: true },
  script14: { exporter: "torchscript", opset: 14, dynamic: false },
  dynamo18: { exporter: "dynamo", opset: 18, dynamic: false },
  "dynamo20-dynamic": { exporter: "dynamo", opset: 20, dynamic: true },
};

/** A network as an exporter writes it. */
export interface Export {
  /** The network and the dialect. */
  readonly name: string;
  readonly isPinned: boolean;
  /** Builds it, with as many times more channels. */
  readonly build: (scale?: number) => Model;
}

/** All networks in all dialects. */
export const EXPORTS: readonly Export[] = Object.entries({ ...ARCHITECTURES, ...OTHERS }).flatMap(
  ([network, write]) =>
    Object.entries(DIALECTS).map(([dialect, how]) => ({
      name: `${network} ${dialect}`,
      isPinned: network in ARCHITECTURES,
      build: (scale = 1) => write(exporter(network, { ...how, scale })),
    })),
);
