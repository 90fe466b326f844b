/**
 * Whether a client names this media type among those that it accepts, read as the server below reads it: that
 * one answers in UTF-8 only, and leaves out what asks for another charset.
 */
export const accepts = ({ headers }: Request, mediaType: string): boolean =>
  (headers.get('accept') ?? '').split(',').some((each) => {
    const [type, ...parameters] = each.replace(/\s/g, '').toLowerCase().split(';');
    const charset = parameters.find((parameter) => parameter.includes('charset='));
    return type === mediaType && (charset ?? 'charset=utf-8') === 'charset=utf-8';
  });
