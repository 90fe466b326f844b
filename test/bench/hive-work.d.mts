export declare const w1: string;
export declare const w2: string;
export declare function variablesOf(setup: {
  stubOrigin: string;
  calls: Record<string, { url: string; headers: Record<string, string> }>;
}): { w1: Record<string, string>; w2: Record<string, string> };
