/** The one way in: what talks to the edges of a cluster. */
import { Consumer, type ConsumerOptions } from './consuming/consumer.ts';
import { Edges, type EdgesOptions } from './edge/edges.ts';
import { Processor, type ProcessorOptions } from './processing/processor.ts';
import { Producer, type ProducerOptions } from './producing/producer.ts';
import { Reader } from './reading/reader.ts';

export interface Foreshard {
  producer(options?: ProducerOptions): Producer;
  reader(): Reader;
  consumer(options: ConsumerOptions): Consumer;
  /** `S`: the state of a key, a JSON value */
  processor<S = unknown>(options: ProcessorOptions<S>): Processor<S>;
}

/** Nothing is asked before it is used. @throws TypeError for what is no address */
export function connect(options: EdgesOptions): Foreshard {
  const edges = new Edges(options);
  return {
    producer: (given) => new Producer(edges, given),
    reader: () => new Reader(edges),
    consumer: (given) => new Consumer(edges, given),
    processor: (given) => new Processor(edges, given),
  };
}
