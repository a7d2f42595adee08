import { testTravel } from './travel.js'

testTravel(3, 1)
