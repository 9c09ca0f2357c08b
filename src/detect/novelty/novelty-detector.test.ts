import { checkDetector } from '../check-detector.ts';
import { noveltyFactory } from './novelty-detector.ts';

checkDetector(noveltyFactory(100, 'UTC'));
